/** Imports every module of the installed packages and looks for those that threads load: what is missing shows before somebody needs it. */
import { existsSync, globSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** They run when they are imported. */
const isEntry = (file: string) => /\.worker\.js$|\/main\.js$/.test(file)

let imported = 0
let threadModules = 0
for (const file of globSync("node_modules/{evenkeel,@evenkeel/*}/dist/**/*.js").sort()) {
  if (!isEntry(file)) {
    await import(file.replace(/^node_modules\/(.+)\/dist\/(.+)\.js$/, "$1/$2"))
    imported++
  }
  for (const [, specifier] of readFileSync(file, "utf8").matchAll(/import\.meta\.resolve\("([^"]+)"/g)) {
    if (!existsSync(fileURLToPath(import.meta.resolve(specifier!)))) throw new Error(`${file} starts ${specifier}, which is not there`)
    threadModules++
  }
}
process.stdout.write(`${imported} modules imported, ${threadModules} for threads found\n`)
