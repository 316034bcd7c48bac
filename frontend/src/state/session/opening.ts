/** What a case needs before anybody can look at it: structures, manifests, masks. */
import { isEmpty, Labelmap } from '@/geometry/labelmap'
import type { StackManifest } from '@/geometry/stack'
import { annotationMaskPath, manifestGet, maskGet, regionGet, revisionMaskPath, structuresGet, type AnnotationInfo, type CaseInfo, type HeldMask } from '../annotation'
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
        const [manifest, region] = await Promise.all([manifestGet(stack.id), regionGet(stack.id, stack.region)])
        return { description: stack.description, ...manifest, region }
      } catch (error) {
        missing.push({ stack: stack.id, message: error instanceof Error ? error.message : 'The series cannot be loaded.' })
        return null
      }
    }),
  )
  desk.set({ manifests: found.filter((manifest) => manifest !== null), missing })
}

const layers = (desk: Desk): string[] => [...new Set([...desk.layerOf.values(), ...desk.view.segments.map((segment) => segment.layer)])]

/** The mask lies on another grid than the images: shown, it would lie. */
export class MaskGeometryMismatch extends Error {
  override readonly name = 'MaskGeometryMismatch'
}

/** A mask as it is held, slice by slice. Throws MaskGeometryMismatch unless it lies on the very grid of its images. */
export const labelmapOf = (manifest: StackManifest, layer: string, held: HeldMask): Labelmap => {
  const labelmap = new Labelmap(manifest.slices.length, manifest.rows, manifest.columns)
  const known = new Map(manifest.slices.map((slice, index) => [slice.key, index]))
  for (const [key, data] of held.slices) {
    const index = known.get(key)
    if (index === undefined || held.rows !== manifest.rows || held.columns !== manifest.columns || data.length !== labelmap.size)
      throw new MaskGeometryMismatch(
        `The mask “${layer}” does not fit its images: it has ${held.rows} × ${held.columns} voxels a slice, the images have ${manifest.rows} × ${manifest.columns}${index === undefined ? ', and a slice of it is not theirs' : ''}. It is not shown, so that nothing is shown wrong; what is saved is untouched. Tell a data manager, and take another case meanwhile.`,
      )
    if (!isEmpty(data)) labelmap.load(index, data)
  }
  return labelmap
}

/** The masks of an annotation. One that nobody has drawn on is the proposal's, which the browser may have fetched ahead. */
export const masksLoad = async (desk: Desk, annotation: AnnotationInfo): Promise<void> => {
  const wanted = desk.view.manifests.flatMap((manifest) => layers(desk).map((layer) => ({ manifest, layer })))
  desk.set({ masksTotal: wanted.length, masksLoaded: 0 })
  await Promise.all(
    wanted.map(async ({ manifest, layer }) => {
      const labelmap = labelmapOf(manifest, layer, await heldMask(annotation, manifest.stack, layer))
      desk.labelmaps.set(maskKey(manifest.stack, layer), labelmap)
      desk.set({ masksLoaded: desk.view.masksLoaded + 1 })
      desk.onMaskChanged(manifest.stack)
    }),
  )
}

const heldMask = async (annotation: AnnotationInfo, stack: string, layer: string): Promise<HeldMask> => {
  if (annotation.seq === 0 && annotation.derived_from) {
    try {
      return await maskGet(revisionMaskPath(annotation.derived_from, stack, layer))
    } catch {
      // a proposal that may not be looked at by itself is still what the annotation began with
    }
  }
  return maskGet(annotationMaskPath(annotation.id, stack, layer))
}
