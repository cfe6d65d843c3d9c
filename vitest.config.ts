import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"
import { BaseSequencer, type Reporter, type TestSpecification } from "vitest/node"

/** Ends every run with one plain line that people and machines read alike. */
const closingLine: Reporter = {
  onTestRunEnd(modules) {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    let broken = 0
    for (const module of modules) {
      if (module.state() === "failed" && module.errors().length > 0) broken++
      for (const test of module.children.allTests()) count[test.result().state]++
    }
    process.stdout.write(`\n${count.passed} passed, ${count.failed + broken} failed, ${count.skipped + count.pending} skipped\n`)
  }
}

/** Files under `test/` run whole programs and take longest: they start first, so that none runs alone at the end. */
class ProgramsFirst extends BaseSequencer {
  override sort(files: Array<TestSpecification>) {
    const order = ({ moduleId }: TestSpecification) => `${moduleId.includes("/test/") ? 0 : 1} ${moduleId}`
    return Promise.resolve([...files].sort((a, b) => (order(a) < order(b) ? -1 : 1)))
  }
}

export default defineConfig({
  test: {
    include: ["packages/*/src/**/*.test.ts", "packages/*/test/**/*.test.ts", "scripts/*.test.ts"],
    reporters: ["default", closingLine],
    // Files that run whole programs wait as much as they work: one worker more than there are cores, of few.
    maxWorkers: Math.max(3, Math.floor(availableParallelism() * 0.75)),
    sequence: { sequencer: ProgramsFirst },
    // Of the tests in one file that ask to run at once: they wait for sockets more than they work.
    maxConcurrency: 15,
    // On a machine that is busy too.
    testTimeout: 90_000,
    // Modules are loaded once a worker. Whatever a test sets up is its own: no module keeps state between tests.
    isolate: false,
    hookTimeout: 60_000
  }
})
