/** Where every page is. Pages are loaded when they are first gone to; the reading room, with the viewer and its decoders, above all. */
import { createBrowserRouter } from 'react-router'
import { Guard } from './Guard'
import { Landing } from './Landing'
import { Shell } from './Shell'

/** While a page's code is on its way: the dark room, nothing that flashes. */
const Nothing = () => null

export function router() {
  return createBrowserRouter([
    { path: '/sign-in', HydrateFallback: Nothing, lazy: async () => ({ Component: (await import('@/pages/sign-in/SignIn')).SignIn }) },
    {
      path: '/',
      element: <Guard />,
      HydrateFallback: Nothing,
      children: [
        { path: 'read/:caseId', lazy: async () => ({ Component: (await import('@/pages/read/ReadingRoom')).ReadingRoom }) },
        { path: 'review/:caseId', lazy: async () => ({ Component: (await import('@/pages/review/Review')).Review }) },
        {
          element: <Shell />,
          children: [
            { index: true, element: <Landing /> },
            { path: 'worklist', lazy: async () => ({ Component: (await import('@/pages/worklist/Worklist')).Worklist }) },
            { path: 'projects', lazy: async () => ({ Component: (await import('@/pages/projects/Projects')).Projects }) },
            { path: 'learning', lazy: async () => ({ Component: (await import('@/pages/learning/Learning')).Learning }) },
            { path: 'datasets', lazy: async () => ({ Component: (await import('@/pages/datasets/Datasets')).Datasets }) },
            { path: 'intake', lazy: async () => ({ Component: (await import('@/pages/intake/Intake')).Intake }) },
            { path: '*', lazy: async () => ({ Component: (await import('@/pages/missing/Missing')).Missing }) },
          ],
        },
      ],
    },
  ])
}
