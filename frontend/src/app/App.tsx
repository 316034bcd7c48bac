import '@mantine/core/styles.layer.css'
import '@mantine/notifications/styles.layer.css'
import '@mantine/spotlight/styles.layer.css'
import './tokens.css'
import './base.css'
import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { useState } from 'react'
import { RouterProvider } from 'react-router'
import { queryClient } from './queries'
import { router } from './routes'
import { cssVariables, theme } from './theme'

export function App() {
  const [queries] = useState(queryClient)
  const [routes] = useState(router)
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} forceColorScheme="dark">
      <QueryClientProvider client={queries}>
        <Notifications position="bottom-left" limit={3} />
        <RouterProvider router={routes} />
      </QueryClientProvider>
    </MantineProvider>
  )
}
