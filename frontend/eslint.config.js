import importX from 'eslint-plugin-import-x'
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript'
import jsxA11y from 'eslint-plugin-jsx-a11y'
import reactHooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

/** The walls: a zone says who (target) may not look where (from), and why. */
const wall = (target, from, message) => ({
  target: [].concat(target).map((path) => `./src/${path}`),
  from: [].concat(from).map((path) => `./src/${path}`),
  message,
})

const walls = [
  wall('components', ['pages', 'app'], 'Floors: pages > components. A component takes what it needs as props; move shared parts down.'),
  wall('state', ['pages', 'components', 'viewer', 'app'], 'Floors: state > api. A store knows no screen; the page connects store and viewer.'),
  wall('viewer', ['pages', 'components', 'state', 'app', 'api'], 'The viewer offers nouns and callbacks and knows no store and no server; the page connects them.'),
  wall('api', ['pages', 'components', 'viewer', 'state', 'app', 'keys'], 'api is the ground floor: it only speaks to the server.'),
  wall('geometry', ['pages', 'components', 'viewer', 'state', 'app', 'api', 'keys'], 'geometry is pure: numbers in, numbers out, the same cases as Python in tests/contract.'),
  wall('keys', ['pages', 'components', 'viewer', 'state', 'app', 'api'], 'keys is a table of actions and a listener; what an action does belongs to the page that binds it.'),
  wall('pages', 'app', 'app wires pages together; a page never looks back at the wiring.'),
]

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'src/api/schema.ts'] },
  ...tseslint.configs.strictTypeChecked,
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX, 'react-hooks': reactHooks, 'jsx-a11y': jsxA11y },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver({ project: './tsconfig.json' })] },
    rules: {
      ...reactHooks.configs.recommended.rules,
      ...jsxA11y.configs.recommended.rules,
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-default-export': 'error',
      'import-x/no-restricted-paths': ['error', { zones: walls }],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['@cornerstonejs/*'],
              message: 'Only src/viewer/ knows Cornerstone3D; it offers our nouns (showLabelmap, onLandmarkPlaced). Add one there.',
            },
          ],
        },
      ],
      'no-restricted-globals': [
        'error',
        { name: 'localStorage', message: 'Browser storage may hold no identity. Settings go through state/preferences, unsent work through state/outbox.' },
        { name: 'sessionStorage', message: 'Browser storage may hold no identity. Settings go through state/preferences, unsent work through state/outbox.' },
      ],
      'no-console': ['error', { allow: ['warn', 'error'] }],
      'no-shadow': 'off',
      '@typescript-eslint/no-shadow': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      eqeqeq: 'error',
    },
  },
  { files: ['src/viewer/**'], rules: { 'no-restricted-imports': 'off' } },
  // loops over voxels know their bounds; a check per voxel costs frames
  { files: ['src/geometry/**', 'src/viewer/**'], rules: { '@typescript-eslint/no-non-null-assertion': 'off' } },
  { files: ['src/state/preferences.ts', 'src/state/preferences.test.ts'], rules: { 'no-restricted-globals': 'off' } },
  { files: ['**/*.config.{ts,js}'], rules: { 'import-x/no-default-export': 'off' } },
  { files: ['**/*.js'], ...tseslint.configs.disableTypeChecked },
)
