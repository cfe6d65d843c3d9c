/** Imports every module of the installed packages, and looks for all that they open by a path: what is missing shows before somebody needs it. */
import { existsSync, globSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

/** They run when they are imported. */
const isEntry = (file: string) => /\.worker\.js$|\/main\.js$/.test(file)

/** URLs of the modules that `text` has threads load, and of the files beside it. */
const opened = (file: string, text: string): ReadonlyArray<string> => [
  ...[...text.matchAll(/import\.meta\.resolve\("([^"]+)"/g)].map(([, specifier]) => import.meta.resolve(specifier!)),
  ...[...text.matchAll(/new URL\("(\.[^"]+)", import\.meta\.url/g)].map(([, path]) => new URL(path!, pathToFileURL(resolve(file))).href)
]

let imported = 0
let found = 0
for (const file of globSync("node_modules/{evenkeel,@evenkeel/*}/dist/**/*.js").sort()) {
  if (!isEntry(file)) {
    await import(file.replace(/^node_modules\/(.+)\/dist\/(.+)\.js$/, "$1/$2"))
    imported++
  }
  for (const url of opened(file, readFileSync(file, "utf8"))) {
    if (!existsSync(fileURLToPath(url))) throw new Error(`${file} opens ${url}, which is not there`)
    found++
  }
}
process.stdout.write(`${imported} modules imported, ${found} files found that they open\n`)
