/** Runs before pnpm packs a package, in its folder. A tarball without compiled modules would install well and fail at its first import. */
import { existsSync } from "node:fs"

if (!existsSync("dist")) {
  process.stderr.write("not compiled: pack with `pnpm pack:all`, which compiles all packages at once\n")
  process.exit(1)
}
