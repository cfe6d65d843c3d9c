/**
 * `pnpm pack:all [folder]`: a tarball of every package that may be published, with compiled modules, in `dist` unless a folder is named.
 *
 * One compilation serves all packages: they are compiled from one another's sources, so a package alone would compile most of the others too.
 * The modules lie in a package's `dist` only while it is packed, so that nothing stale is ever packed, and `scripts/prepack.ts` refuses without.
 */
import { spawnSync } from "node:child_process"
import { cpSync, globSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { basename, resolve } from "node:path"

const destination = resolve(process.argv[2] ?? "dist")
const compiled = resolve("node_modules/.cache/compiled")

const run = (command: string, ...args: ReadonlyArray<string>) => {
  const { error, status } = spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"] })
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? `ended with ${status}`}`)
}

const isPrivate = (folder: string) => {
  const manifest = JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as { readonly private?: boolean }
  return manifest.private === true
}
const folders = globSync("packages/*/package.json")
  .map((path) => path.slice(0, -"/package.json".length))
  .filter((folder) => !isPrivate(folder))
  .sort()

const clean = () => {
  for (const path of [compiled, ...folders.map((folder) => `${folder}/dist`)]) rmSync(path, { recursive: true, force: true })
}

clean()
try {
  run("tsc", "--project", "tsconfig.pack.json", "--outDir", compiled)
  for (const folder of folders) cpSync(`${compiled}/${basename(folder)}/src`, `${folder}/dist`, { recursive: true })
  mkdirSync(destination, { recursive: true })
  const chosen = folders.map((folder) => `--filter=./${folder}`)
  run("pnpm", "--recursive", "--fail-if-no-match", ...chosen, "pack", "--silent", "--pack-destination", destination)
} finally {
  clean()
}
