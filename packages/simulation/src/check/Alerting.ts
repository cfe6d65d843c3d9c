/** All that must hold of alerting in a world with a plan: in a quiet one to the millisecond, in any other as far as faults let it. */
import type { AlertWorld } from "../world/AlertWorld.ts"
import type { UpRun } from "../world/Machine.ts"
import { startsAt, type World } from "../world/World.ts"
import { wrongTimes } from "./Groups.ts"
import { untold, wrongNotifications } from "./Notifications.ts"
import { wrongFirings, wrongStanding, wrongTurns } from "./Rules.ts"
import type { Fact } from "./Story.ts"

const publishedAfterMillis = 500

/** `run` is the engine of a quiet world, the only one that it ever had. */
const wrongInQuiet = (
  { time }: World,
  { changes, flapping, startsAfter }: AlertWorld,
  story: ReadonlyArray<Fact>
): ReadonlyArray<string> => [
  ...wrongTimes(
    story,
    changes.map(({ at, plan }) => ({ at: startsAt + at, plan })),
    { from: startsAt + startsAfter, phase: startsAt + startsAfter, until: time.trueNow() }
  ),
  ...wrongFirings(
    story,
    changes.map(({ at, plan }) => ({ at, rules: plan.rules })),
    flapping,
    { began: startsAfter, published: startsAfter + publishedAfterMillis, startsAt, until: time.elapsed }
  )
]

export const wrongAlerting = (world: World, alerting: AlertWorld, run: UpRun, story: ReadonlyArray<Fact>): ReadonlyArray<string> => {
  const { clockOffsets, hasTwo, time } = world
  const { flapping, isQuiet, plans } = alerting
  const plan = run.choice.plan ?? plans[0]
  const regroups = hasTwo || world.alerting!.changes.length > 1 || world.choice.plan !== plan
  return [
    ...wrongNotifications(story, { plans, clockOffsets: [...clockOffsets], regroups }),
    ...wrongTurns(story),
    ...wrongStanding(story, plan.rules, flapping, time.elapsed),
    ...untold(story, plan, time.trueNow(), regroups),
    ...(isQuiet && !regroups ? wrongInQuiet(world, alerting, story) : [])
  ]
}
