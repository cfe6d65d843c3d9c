/** What is wrong with an installed package's files: something missing, something too much, or an import that only luck resolves. */
import { globSync, readFileSync, statSync } from "node:fs"
import { builtinModules } from "node:module"
import { join } from "node:path"

interface Manifest {
  readonly name: string
  readonly [field: string]: unknown
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const fieldsNeeded = ["version", "license", "description", "files", "exports", "engines"]
const filesNeeded = ["README.md", "LICENSE"]
const isForDevelopment = (file: string) => /\.(test|bench)\.|(torture|bench)\.worker\.|(^|\/)(test|bench)\//.test(file)

const importsOf = (text: string) =>
  [
    ...text.matchAll(
      /^(?:import|export|\}).* from "([^"]+)";$|^import "([^"]+)";$|(?:\bimport|import\.meta\.resolve)\(["`]([^"`]+)["`]\)/gm
    )
  ].map(([, from, alone, called]) => from ?? alone ?? called!)
const packageOf = (specifier: string) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)![0]
const isBuiltin = (specifier: string) => specifier.startsWith("node:") || builtinModules.includes(specifier)

/** `repository` is a path that no file may name. */
export const contentProblems = (folder: string, repository: string): ReadonlyArray<string> => {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest
  const files = globSync("**/*", { cwd: folder, exclude: ["node_modules"] }).filter((file) => statSync(join(folder, file)).isFile())
  const texts = files
    .filter((file) => /\.(js|ts|map|json|md|html)$/.test(file))
    .map((file) => [file, readFileSync(join(folder, file), "utf8")] as const)
  const modules = files.filter((file) => file.startsWith("dist/") && file.endsWith(".js"))
  const { dependencies, optionalDependencies, peerDependencies } = manifest
  const declared = [manifest.name, ...Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })]

  const problems = [
    ...fieldsNeeded.filter((field) => manifest[field] === undefined).map((field) => `no ${field} in package.json`),
    ...(manifest["private"] === true ? ["private"] : []),
    ...(/"(workspace|catalog):/.test(JSON.stringify(manifest)) ? ["a version that only the workspace understands"] : []),
    ...filesNeeded.filter((file) => !files.includes(file)).map((file) => `no ${file}`),
    ...(modules.length === 0 ? ["no modules"] : []),
    ...modules
      .flatMap((file) => [file.replace(/\.js$/, ".d.ts"), `${file}.map`])
      .filter((file) => !files.includes(file))
      .map((file) => `no ${file}`),
    ...files
      .filter((file) => isForDevelopment(file) || (file.endsWith(".ts") && !file.endsWith(".d.ts")))
      .map((file) => `${file} is not for users`),
    ...texts.filter(([, text]) => text.includes(repository)).map(([file]) => `${file} names the folder that it was made in`),
    ...texts
      .filter(([file]) => /\.(js|d\.ts)$/.test(file))
      .flatMap(([file, text]) => importsOf(text).map((specifier) => [file, specifier] as const))
      .filter(([, specifier]) => !specifier.startsWith(".") && !isBuiltin(specifier) && !declared.includes(packageOf(specifier)))
      .map(([file, specifier]) => `${file} imports ${specifier} undeclared`)
  ]
  return problems.map((problem) => `${manifest.name}: ${problem}`)
}
