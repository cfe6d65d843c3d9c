/** The command line with all of its commands. */
import * as Command from "effect/cli/Command"
import { alerts } from "./Alerts.ts"
import { audit } from "./Audit.ts"
import { consumers } from "./Consumers.ts"
import { decode } from "./Decode.ts"
import { demo } from "./Demo.ts"
import { doctor } from "./Doctor.ts"
import { evaluate } from "./Evaluate.ts"
import { explain } from "./Explain.ts"
import { evidence, insurance } from "./Insurance.ts"
import { journal } from "./Journal.ts"
import { liquidations } from "./Liquidations.ts"
import { live } from "./Live.ts"
import { models } from "./Models.ts"
import { oracle } from "./Oracle.ts"
import { record } from "./Record.ts"
import { replay } from "./Replay.ts"
import { report } from "./Report.ts"
import { evenkeel } from "./Root.ts"
import { heap, profile, status, top } from "./Status.ts"
import { train } from "./Train.ts"
import { tune } from "./Tune.ts"

export const program = evenkeel.pipe(
  Command.withSubcommands([
    demo,
    live,
    record,
    replay,
    evaluate,
    train,
    tune,
    explain,
    models,
    decode,
    journal,
    insurance,
    evidence,
    report,
    alerts,
    oracle,
    liquidations,
    consumers,
    status,
    top,
    profile,
    heap,
    doctor,
    audit
  ])
)
