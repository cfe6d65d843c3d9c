/** What an install brings that the lockfile does not vouch for: see docs/decisions/0023-what-an-install-trusts.md. */
import { assert, describe, it } from "@effect/vitest"
import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"

const versionOfNode = (JSON.parse(readFileSync("package.json", "utf8")) as { devDependencies: { node: string } }).devDependencies.node

describe("an install", () => {
  it("takes the pnpm of a day that is written down, from whatever registry is configured", () => {
    const settings = existsSync(".npmrc") ? readFileSync(".npmrc", "utf8") : ""
    assert.match(settings, /^before=\d{4}-\d{2}-\d{2}$/m)
    for (const file of [settings, readFileSync("pnpm-workspace.yaml", "utf8"), readFileSync("pnpm-lock.yaml", "utf8")])
      assert.notMatch(file, /registry|tarball: *http|https?:\/\/[^\s]*npm/i)
  })

  it.runIf(process.platform === "linux" && process.arch === "x64")("has the Node that its hash names", () => {
    const [hash, path] = readFileSync(".ci/node.sha256", "utf8").trim().split(/\s+/)
    assert.include(path, `node@${versionOfNode}/`)
    assert.strictEqual(createHash("sha256").update(readFileSync(path!)).digest("hex"), hash)
  })
})
