/** Slices as Cornerstone asks for them: its images are made of what is decoded already, its questions answered from the manifest. */
import { cache, imageLoader, metaData, utilities, type Types } from '@cornerstonejs/core'
import { isSigned, rescaleOf } from '@/geometry/stack'
import { add, scale } from '@/geometry/vector'
import type { Decoded } from './decoder'
import { findImage, frameOf, isColour, loadSlice, onForget, partOf, type StackImages } from './images'

const SCHEME = 'columna'
const HTJ2K_RPCL = '1.2.840.10008.1.2.4.202'

/** What Cornerstone asks of an image, answered from the manifest. */
export const provide = (kind: string, imageId: string): unknown => {
  const found = findImage(imageId)
  if (!found) return undefined
  const { manifest, grid } = found.images
  const colour = isColour(manifest)
  const part = partOf(found.images)
  switch (kind) {
    case 'imagePlaneModule': {
      const plane = grid.slicePlane(found.index)
      const { spacing } = grid.geometry
      const origin = add(plane.origin, add(scale(plane.column, part.row * spacing[1]), scale(plane.row, part.column * spacing[2])))
      return {
        frameOfReferenceUID: frameOf(manifest),
        rows: part.rows,
        columns: part.columns,
        imageOrientationPatient: [...plane.row, ...plane.column],
        rowCosines: [...plane.row],
        columnCosines: [...plane.column],
        imagePositionPatient: [...origin],
        sliceThickness: spacing[0],
        sliceLocation: null,
        pixelSpacing: [spacing[1], spacing[2]],
        rowPixelSpacing: spacing[1],
        columnPixelSpacing: spacing[2],
      }
    }
    case 'imagePixelModule':
      return {
        samplesPerPixel: colour ? (manifest.samplesPerPixel ?? 3) : 1,
        // a decoded colour frame is RGB whatever it was
        photometricInterpretation: colour ? 'RGB' : manifest.photometric,
        planarConfiguration: 0,
        rows: part.rows,
        columns: part.columns,
        bitsAllocated: manifest.bitsStored > 8 ? 16 : 8,
        bitsStored: manifest.bitsStored,
        highBit: manifest.bitsStored - 1,
        pixelRepresentation: isSigned(manifest, found.index) ? 1 : 0,
      }
    case 'modalityLutModule':
      return rescaleOf(manifest, found.index)
    case 'voiLutModule': {
      const [first] = manifest.windows
      return first ? { windowCenter: [first.center], windowWidth: [first.width] } : { windowCenter: undefined, windowWidth: undefined }
    }
    case 'generalSeriesModule':
      return { modality: manifest.modality, seriesInstanceUID: manifest.series, seriesNumber: 0 }
    case 'sopCommonModule':
      return { sopInstanceUID: manifest.slices[found.index]?.key ?? imageId, sopClassUID: '' }
    case 'generalImageModule':
      return { sopInstanceUID: manifest.slices[found.index]?.key ?? imageId, instanceNumber: found.index + 1 }
    case 'transferSyntax':
      return { transferSyntaxUID: HTJ2K_RPCL }
    default:
      return undefined
  }
}

/** An image of real values, row by row. It shares them: nothing is copied. */
export const imageMade = (imageId: string, images: StackImages, picture: Decoded, spacing: readonly [row: number, column: number]): Types.IImage => {
  const { manifest, pixelType } = images
  const { rows, columns, values, low, high } = picture
  const colour = isColour(manifest)
  const numberOfComponents = colour ? 3 : 1
  const first = manifest.windows[0]
  const voxelManager = utilities.VoxelManager.createImageVoxelManager({ width: columns, height: rows, numberOfComponents, scalarData: values })
  return {
    imageId, voxelManager, numberOfComponents, color: colour, rgba: false, width: columns, height: rows, columns, rows, rowPixelSpacing: spacing[0], columnPixelSpacing: spacing[1],
    dataType: pixelType, slope: 1, intercept: 0, preScale: { enabled: true, scaled: true }, invert: manifest.photometric === 'MONOCHROME1',
    windowCenter: colour ? 128 : (first?.center ?? (low + high) / 2), windowWidth: colour ? 256 : (first?.width ?? Math.max(1, high - low)),
    minPixelValue: low, maxPixelValue: high, sizeInBytes: values.byteLength, getPixelData: () => values,
  } as unknown as Types.IImage
}

const load = (imageId: string): { promise: Promise<Types.IImage> } => {
  const found = findImage(imageId)
  if (!found) return { promise: Promise.reject(new Error('This image is no longer open.')) }
  const { images, index } = found
  const [, rowSpacing, columnSpacing] = images.grid.geometry.spacing
  return { promise: loadSlice(images, index).then((decoded) => imageMade(imageId, images, decoded, [rowSpacing, columnSpacing])) }
}

/** Let go of an image that the library keeps. */
export const dropImage = (imageId: string): void => {
  if (cache.getImageLoadObject(imageId)) cache.removeImageLoadObject(imageId)
}

let isRegistered = false

export const registerImages = (): void => {
  if (isRegistered) return
  isRegistered = true
  imageLoader.registerImageLoader(SCHEME, load)
  metaData.addProvider(provide, 10_000)
  onForget(({ imageIds }) => imageIds.forEach(dropImage))
}
