import { defineConfig } from 'vite';

// The pages are served by the Go program under /ui/: pages as /ui/NAME, everything else as /ui/assets/NAME-HASH.EXT.
export default defineConfig({
  base: '/ui/',
  publicDir: false,
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      input: { wall: 'wall.html', dispatch: 'dispatch.html', analysis: 'analysis.html', remote: 'remote.html' },
      // The map library's worker ends in .mjs, which some servers do not know as a script.
      output: { assetFileNames: ({ names }) => `assets/[name]-[hash]${names[0]?.endsWith('.mjs') ? '.js' : '[extname]'}` },
    },
  },
  plugins: [
    {
      // dist/.gitkeep lets the Go package compile before the pages are built; emptying the folder takes it away.
      name: 'keep-dist',
      generateBundle() {
        this.emitFile({ type: 'asset', fileName: '.gitkeep', source: '' });
      },
    },
  ],
  // Each file has a thread of its own: as apart as processes, and quicker to start.
  test: { include: ['src/**/*.test.{ts,tsx}'], environment: 'node', pool: 'threads', css: true },
});
