#!/usr/bin/env -S node --single-threaded-gc
/**
 * The program's entry. It turns on Node's compile cache, which serves only what is imported afterwards, and starts the command line. It is
 * JavaScript because the cache cannot serve the entry itself, and loading Node's TypeScript support takes longer than all of this.
 *
 * The cache lies in the package's own `node_modules`: whoever may write there may change the program anyway. Where it cannot be
 * written, `enableCompileCache` says so in its result, and the program starts without a cache.
 *
 * The command line is imported by its name in this package: `exports` leads to its source in the repository, and to the compiled module in an
 * installed package. An older Node starts the newer one that was installed with the package.
 */
import nodeModule from "node:module"
import { fileURLToPath } from "node:url"

const nodeMin = 24

if (Number.parseInt(process.versions.node) >= nodeMin) {
  const { directory } = nodeModule.enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/evenkeel", import.meta.url)))
  // Threads turn it on by themselves where this says so.
  if (directory !== undefined) process.env.NODE_COMPILE_CACHE ??= directory
  await import("evenkeel/main")
} else {
  const { startInNewerNode } = await import("./newerNode.js")
  startInNewerNode(fileURLToPath(import.meta.url), nodeMin)
}
