import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, URL } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const web = process.env['COLUMNA_WEB'] ?? 'http://127.0.0.1:8000'

/** Lays the bundle's files compressed beside themselves: who serves them sends those to every browser that takes them. */
const compressed = (): Plugin => ({
  name: 'columna-compressed',
  apply: 'build',
  closeBundle() {
    for (const name of readdirSync(at('./dist/assets')).filter((each) => /\.(js|css|wasm)$/.test(each))) {
      const data = readFileSync(at(`./dist/assets/${name}`))
      if (data.length < 1500) continue
      writeFileSync(at(`./dist/assets/${name}.gz`), gzipSync(data, { level: 9 }))
      writeFileSync(at(`./dist/assets/${name}.br`), brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }))
    }
  },
})

export default defineConfig({
  base: '/',
  plugins: [react(), compressed()],
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
    // the drawing library is large by nature and lies behind the lazy reading room
    chunkSizeWarningLimit: 6000,
    rolldownOptions: { input: { index: at('./index.html'), early: at('./src/early.ts') }, output: { assetFileNames: 'assets/[name]-[hash][extname]' } },
  },
  optimizeDeps: {
    exclude: ['@cornerstonejs/metadata'],
    include: ['comlink', 'pako', 'dcmjs', '@cornerstonejs/codec-openjph/wasmjs'],
  },
  server: { proxy: { '/api': web, '/_allauth': web } },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
    setupFiles: ['src/test/setup.ts'],
  },
})
