import { QueryClient } from '@tanstack/react-query'
import { ApiError } from '@/api/client'

/** Reads are tried again when the server did not answer, never when it said no. Nothing is kept beyond the page's life. */
export function queryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2000,
        retry: (count, error) => count < 3 && !(error instanceof ApiError && error.status < 500),
        retryDelay: (attempt) => Math.min(8000, 500 * 2 ** attempt),
        refetchOnWindowFocus: true,
      },
      mutations: { retry: false },
    },
  })
}
