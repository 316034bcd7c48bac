/** The tokens, told to Mantine. Components read CSS variables; nothing here holds a colour of its own. */
import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

const bone: MantineColorsTuple = ['#faf5e8', '#f3ead2', '#ecdab0', '#e6d3a5', '#dfca9a', '#c9b587', '#b0a078', '#8d7f5e', '#6b6144', '#4a4433']
const room: MantineColorsTuple = ['#e1e5e9', '#b1b8bf', '#8d959d', '#59626b', '#353c43', '#22272b', '#1c2024', '#16191c', '#0e1011', '#08090a']

export const theme = createTheme({
  primaryColor: 'bone',
  primaryShade: 4,
  autoContrast: true,
  colors: { bone, dark: room },
  fontFamily: 'var(--font-ui)',
  fontFamilyMonospace: 'var(--font-mono)',
  fontSizes: { xs: '11px', sm: '12px', md: '13px', lg: '15px', xl: '20px' },
  lineHeights: { xs: '16px', sm: '16px', md: '20px', lg: '20px', xl: '28px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  radius: { xs: '3px', sm: '5px', md: '8px', lg: '8px', xl: '999px' },
  defaultRadius: 'sm',
  headings: {
    fontFamily: 'var(--font-ui)',
    fontWeight: '600',
    sizes: { h1: { fontSize: '20px', lineHeight: '28px' }, h2: { fontSize: '13px', lineHeight: '20px' }, h3: { fontSize: '13px', lineHeight: '20px' } },
  },
  shadows: { md: 'var(--shadow-overlay)', lg: 'var(--shadow-overlay)', xl: 'var(--shadow-overlay)' },
  focusRing: 'auto',
  respectReducedMotion: true,
  cursorType: 'pointer',
  components: {
    Button: { defaultProps: { size: 'sm', variant: 'default' } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: false, color: 'dark.6' } },
    // the dialog is not a page: its head is no second banner
    Modal: { defaultProps: { attributes: { header: { role: 'presentation' } }, centered: true, overlayProps: { backgroundOpacity: 0.6, blur: 0 }, transitionProps: { duration: 90 } }, styles: { content: { background: 'var(--overlay)' }, header: { background: 'var(--overlay)', minHeight: 52 }, body: { paddingTop: 4 }, title: { fontWeight: 600, fontSize: 15 } } },
    Notification: { styles: { root: { background: 'var(--overlay)', boxShadow: 'var(--shadow-overlay)', border: 0 }, description: { color: 'var(--text-2)' } } },
    Menu: { defaultProps: { shadow: 'md', transitionProps: { duration: 90 } } },
    Select: { defaultProps: { size: 'sm', checkIconPosition: 'right', allowDeselect: false } },
    TextInput: { defaultProps: { size: 'sm' } },
  },
})

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {
    '--input-height-sm': 'var(--h-control)',
    '--button-height-sm': 'var(--h-control)',
    '--mantine-color-error': 'var(--bad)',
  },
  light: {},
  dark: {
    '--mantine-color-body': 'var(--room)',
    '--mantine-color-text': 'var(--text)',
    '--mantine-color-dimmed': 'var(--text-3)',
    '--mantine-color-placeholder': 'var(--text-3)',
    '--mantine-color-anchor': 'var(--text)',
    '--mantine-color-default': 'transparent',
    '--mantine-color-default-hover': 'var(--raised)',
    '--mantine-color-default-color': 'var(--text)',
    '--mantine-color-default-border': 'var(--line-strong)',
    '--mantine-color-error': 'var(--bad)',
    '--mantine-primary-color-contrast': 'var(--text-on-accent)',
  },
})
