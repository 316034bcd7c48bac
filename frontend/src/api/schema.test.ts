// @vitest-environment node
import { readFile } from 'node:fs/promises'
import openapiTS, { astToString } from 'openapi-typescript'
import { expect, it } from 'vitest'

it('the types are those of the OpenAPI document; `npm run schema` makes them anew', { timeout: 30_000 }, async () => {
  const document = new URL('../../../docs/reference/openapi.yaml', import.meta.url)
  const made = astToString(await openapiTS(document))
  const kept = await readFile(new URL('./schema.ts', import.meta.url), 'utf8')
  expect(kept.slice(kept.indexOf('export interface paths'))).toBe(made.slice(made.indexOf('export interface paths')))
})
