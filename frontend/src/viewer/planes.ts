/** Planes across the slices as Cornerstone asks for them. */
import { imageLoader, metaData, type Types } from '@cornerstonejs/core'
import { normalize, scale } from '@/geometry/vector'
import type { Pixels } from './decoder'
import { imageIdOf, imagesOf, onForget, type StackImages } from './images'
import { extent, gather, planeMade, sizeOf, type Along, type StackPlane } from './lay'
import { dropImage, imageMade, provide } from './pictures'

const SCHEME = 'columna-plane'

const planes = new Map<string, StackPlane>()

const nameOf = ({ images, lay }: StackPlane): string => `${SCHEME}:${images.manifest.stack}/${lay.axis}${lay.right.grows ? '+' : '-'}${lay.down.grows ? '+' : '-'}`

/** Make a plane known to the viewports. Returns an image id for every index of its axis. */
export const rememberPlane = (plane: StackPlane): string[] => {
  const name = nameOf(plane)
  planes.set(name, plane)
  return Array.from({ length: plane.images.grid.geometry.shape[plane.lay.axis] }, (_, index) => `${name}/${index}`)
}

/** Forget the planes of a stack and the pictures made of them. */
const forgetPlanes = (closed: StackImages): void => {
  for (const [name, { images, lay }] of planes) {
    if (images !== closed) continue
    planes.delete(name)
    for (let index = 0; index < images.grid.geometry.shape[lay.axis]; index += 1) dropImage(`${name}/${index}`)
  }
}


const find = (imageId: string): { plane: StackPlane; index: number } | null => {
  if (typeof imageId !== 'string' || !imageId.startsWith(`${SCHEME}:`)) return null
  const at = imageId.lastIndexOf('/')
  const plane = planes.get(imageId.slice(0, at))
  return plane ? { plane, index: Number(imageId.slice(at + 1)) } : null
}

const imageOf = (imageId: string, plane: StackPlane, index: number): Types.IImage => {
  const { width, height, values } = planeMade(plane, index)
  const { rowPixelSpacing, columnPixelSpacing } = planeModule(plane, index)
  return imageMade(imageId, plane.images, { rows: height, columns: width, values, low: 0, high: 0 }, [rowPixelSpacing, columnPixelSpacing])
}

/** Put the slices that have come since into a picture that shows already. */
export const freshen = (image: Types.IImage): void => {
  const found = find(image.imageId)
  if (found) gather(found.plane, found.index, image.voxelManager?.getScalarData() as Pixels)
}

const planeModule = (plane: StackPlane, index: number) => {
  const { images, lay } = plane
  const { spacing, steps } = images.grid.geometry
  const corner: [number, number, number] = [0, 0, 0]
  corner[lay.axis] = index
  for (const { axis, grows } of [lay.right, lay.down]) {
    const { from, size } = extent(images, axis)
    corner[axis] = grows ? from : from + size - 1
  }
  const direction = ({ axis, grows }: Along) => [...scale(normalize(steps[axis]), grows ? 1 : -1)]
  const [row, column] = [direction(lay.right), direction(lay.down)]
  const [rowPixelSpacing, columnPixelSpacing] = [spacing[lay.down.axis], spacing[lay.right.axis]]
  const { width, height } = sizeOf(plane)
  return {
    ...(provide('imagePlaneModule', imageIdOf(images.manifest.stack, 0)) as Record<string, unknown>),
    rows: height,
    columns: width,
    imageOrientationPatient: [...row, ...column],
    rowCosines: row,
    columnCosines: column,
    imagePositionPatient: [...images.grid.toWorld(corner)],
    sliceThickness: spacing[lay.axis],
    pixelSpacing: [rowPixelSpacing, columnPixelSpacing],
    rowPixelSpacing,
    columnPixelSpacing,
  }
}

/** What Cornerstone asks of a plane: its own place and size, all else as its slices have it. */
const providePlane = (kind: string, imageId: string): unknown => {
  const found = find(imageId)
  if (!found) return undefined
  const { plane, index } = found
  if (kind === 'imagePlaneModule') return planeModule(plane, index)
  // what is put together are real values already
  if (kind === 'modalityLutModule') return { rescaleSlope: 1, rescaleIntercept: 0 }
  const answer = provide(kind, imageIdOf(plane.images.manifest.stack, 0))
  if (kind !== 'imagePixelModule') return answer
  const { width, height } = sizeOf(plane)
  return { ...(answer as Record<string, unknown>), rows: height, columns: width }
}

let isRegistered = false

export const registerPlanes = (): void => {
  if (isRegistered) return
  isRegistered = true
  imageLoader.registerImageLoader(SCHEME, (imageId: string) => {
    const found = find(imageId)
    return { promise: found && imagesOf(found.plane.images.manifest.stack) ? Promise.resolve(imageOf(imageId, found.plane, found.index)) : Promise.reject(new Error('This image is no longer open.')) }
  })
  metaData.addProvider(providePlane, 10_000)
  onForget(forgetPlanes)
}
