/* eslint-disable import-x/no-default-export -- as the package has it */
/** What is used of the OpenJPH decoder, which comes without types. */
declare module '@cornerstonejs/codec-openjph/wasmjs' {
  export interface FrameInfo {
    readonly width: number
    readonly height: number
    readonly bitsPerSample: number
    readonly componentCount: number
    readonly isSigned: boolean
  }

  export interface HTJ2KDecoder {
    /** Room for so many bytes inside the decoder. */
    getEncodedBuffer: (length: number) => Uint8Array
    /** Decode all but the `level` finest resolutions. Throws a number. */
    decodeSubResolution: (level: number) => void
    getFrameInfo: () => FrameInfo
    getDecodedBuffer: () => Uint8Array
    delete: () => void
  }

  const factory: (options: { locateFile: (file: string) => string }) => Promise<{ HTJ2KDecoder: new () => HTJ2KDecoder }>
  export default factory
}

declare module '@cornerstonejs/codec-openjph/wasm?url' {
  const url: string
  export default url
}
