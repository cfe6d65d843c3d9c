/**
 * The embedded database's files: what it syncs is on the disk when the call returns.
 *
 * PGlite's own file system leaves fsync out, and its server is started without. Here a commit that was acknowledged survives a power cut.
 */
import { PGlite } from "@electric-sql/pglite"
import { NodeFS } from "@electric-sql/pglite/nodefs"
import { closeSync, fdatasyncSync, fsyncSync, openSync } from "node:fs"

/** A file or directory that the server has open, in Emscripten's file system over Node's. */
interface OpenFile {
  /** Node's own descriptor; a directory has none. */
  readonly nfd?: number
  readonly node: object
}

/** What PGlite's types leave out of its module. */
interface NodeFiles {
  readonly NODEFS: { readonly realPath: (node: object) => string; readonly stream_ops: { fsync?: (file: OpenFile) => number } }
}

/** PGlite's own parameters but for the one that turns fsync off. It reaches files by this one of the server's methods alone. */
export const durableParameters = [...PGlite.defaultStartParams.filter((name) => name !== "-F"), "-c", "wal_sync_method=fsync"]

class DurableFiles extends NodeFS {
  readonly #synced: (path: string) => void

  constructor(directory: string, synced: (path: string) => void) {
    super(directory)
    this.#synced = synced
  }

  override init(...[pg, options]: Parameters<NodeFS["init"]>): ReturnType<NodeFS["init"]> {
    return super.init(pg, options).then((result) => {
      const { emscriptenOpts } = result
      const syncs = (module: NodeFiles) => {
        module.NODEFS.stream_ops.fsync = ({ nfd, node }) => {
          const path = module.NODEFS.realPath(node)
          if (nfd === undefined) syncDirectory(path)
          else {
            fdatasyncSync(nfd)
            this.#synced(path)
          }
          return 0
        }
      }
      return { ...result, emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), syncs as never] } }
    })
  }
}

/** Ends when the directory's list of files is on the disk. */
const syncDirectory = (path: string): void => {
  // Windows opens no directories, and needs none synced.
  if (process.platform === "win32") return
  const directory = openSync(path, "r")
  fsyncSync(directory)
  closeSync(directory)
}

/**
 * A file system for PGlite over `directory`; `synced` is told of each file once it is on the disk. No more than an object by its type: PGlite's
 * declarations ask for Emscripten's, which a program that uses this package need not have.
 */
export const makeDurableFiles = (directory: string, synced: (path: string) => void = () => {}): object =>
  new DurableFiles(directory, synced)
