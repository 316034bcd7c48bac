import { fileURLToPath, URL } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const web = process.env['COLUMNA_WEB'] ?? 'http://127.0.0.1:8000'

export default defineConfig({
  base: '/',
  plugins: [react()],
  resolve: {
    alias: {
      '@': at('./src'),
      // metadata -> dcmjs -> xmlbuilder2 asks for Node's EventEmitter: without this the build succeeds and the page dies at start
      events: at('./node_modules/events/events.js'),
    },
  },
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    manifest: true,
    // decoders and the compute worker are large by nature and lie behind the lazy reading room
    chunkSizeWarningLimit: 6000,
    rolldownOptions: { input: { index: at('./index.html'), early: at('./src/early.ts') }, output: { assetFileNames: 'assets/[name]-[hash][extname]' } },
  },
  optimizeDeps: {
    exclude: ['@cornerstonejs/dicom-image-loader', '@cornerstonejs/metadata'],
    include: [
      'dicom-parser',
      'comlink',
      'pako',
      'dcmjs',
      '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs',
      '@cornerstonejs/codec-charls/decodewasmjs',
      '@cornerstonejs/codec-openjpeg/decodewasmjs',
      '@cornerstonejs/codec-openjph/wasmjs',
      '@cornerstonejs/codec-libjxl/decodewasmjs',
      '@cornerstonejs/jpeg-lossless-decoder-js',
    ],
  },
  server: { proxy: { '/api': web, '/_allauth': web } },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
    setupFiles: ['src/test/setup.ts'],
  },
})
