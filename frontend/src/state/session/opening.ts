/** What a case needs before anybody can look at it: structures, manifests, masks. */
import { Labelmap } from '@/geometry/labelmap'
import { annotationMaskPath, manifestGet, maskGet, structuresGet, type CaseInfo } from '../annotation'
import { formsGet, formsOf } from '../forms'
import { maskKey, type Desk } from './desk'

export const structuresLoad = async (desk: Desk, info: CaseInfo): Promise<void> => {
  const all = await structuresGet(info.schema)
  const chosen = new Set(info.structures)
  desk.schema = new Map(all.map((each) => [each.code, each.layer]))
  desk.set({ structures: new Map(all.filter((each) => !chosen.size || chosen.has(each.code)).map((each) => [each.code, each])) })
}

export const formsLoad = async (desk: Desk, info: CaseInfo): Promise<void> => desk.set({ forms: formsOf(await formsGet(), info) })

export const manifestsLoad = async (desk: Desk, info: CaseInfo): Promise<void> => {
  const missing: { stack: string; message: string }[] = []
  const found = await Promise.all(
    info.stacks.map(async (stack) => {
      try {
        const manifest = await manifestGet(stack.id)
        return { description: stack.description, ...manifest }
      } catch (error) {
        missing.push({ stack: stack.id, message: error instanceof Error ? error.message : 'The series cannot be loaded.' })
        return null
      }
    }),
  )
  desk.set({ manifests: found.filter((manifest) => manifest !== null), missing })
}

const layers = (desk: Desk): string[] => [...new Set([...desk.layerOf.values(), ...desk.view.segments.map((segment) => segment.layer)])]

export const masksLoad = async (desk: Desk): Promise<void> => {
  const wanted = desk.view.manifests.flatMap((manifest) => layers(desk).map((layer) => ({ manifest, layer })))
  desk.set({ masksTotal: wanted.length, masksLoaded: 0 })
  await Promise.all(
    wanted.map(async ({ manifest, layer }) => {
      const labelmap = new Labelmap(manifest.slices.length, manifest.rows, manifest.columns)
      const { slices } = await maskGet(annotationMaskPath(desk.annotation, manifest.stack, layer))
      manifest.slices.forEach((slice, index) => {
        const data = slices.get(slice.key)
        if (data?.some((value) => value !== 0)) labelmap.load(index, data)
      })
      desk.labelmaps.set(maskKey(manifest.stack, layer), labelmap)
      desk.set({ masksLoaded: desk.view.masksLoaded + 1 })
      desk.onMaskChanged(manifest.stack)
    }),
  )
}
