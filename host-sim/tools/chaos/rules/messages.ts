/**
 * Events, attributes and tags that the application sends: each that the device took arrives, once or more, and no
 * event arrives that nobody sent.
 */
import { stamp } from "../../../inspect/report/duration";
import { epoch } from "../../../sim/world/world";
import { flashTroubles } from "../hardware-trouble";
import { hadFault, isLossExplained, timeFault } from "./readings";
import type { Posted } from "../application-trouble";
import type { Ledger } from "../ledger";
import type { Script } from "../script";
import type { CampaignEnding, Violate } from "./rule";

/** Judges what became of each message. */
export function judgeMessages(
  ledger: Ledger,
  script: Script,
  ending: CampaignEnding,
  violate: Violate,
): void {
  const { application, events } = ending;
  const lost: Posted[] = [];
  const overheats = new Map(
    events.filter(({ event }) => event === "overheat").map((event) => [event.values["temperature"], event]),
  );
  for (const posted of application.posted.values()) {
    if (posted.kind !== "event") continue;
    const stored = overheats.get(posted.number);
    overheats.delete(posted.number);
    if (stored === undefined) {
      if (posted.taken && !isOver(posted) && !mayBeGone(posted, ledger, script)) lost.push(posted);
      if (posted.how === "accepted") {
        const when = stamp(posted.at);
        violate("message", `the application was told that event ${posted.number} of ${when} has arrived`);
      }
    } else if (stored.time !== undefined) {
      const dated = { ...posted, stored: stored.time, storedAt: stored.at - epoch };
      const fault = timeFault(dated, ledger, script);
      const which = `event ${posted.number} of ${stamp(posted.at)}`;
      if (fault !== undefined) violate("time", `${which} is stored with a time ${fault} ms beside that`);
    }
  }
  for (const [value] of overheats) violate("message", `the cloud has an event ${value} that nobody sent`);
  for (const kind of ["attributes", "tags"] as const) {
    const taken = [...application.posted.values()].filter((each) => each.kind === kind && each.taken);
    const arrived = ledger.messagesStored.get(kind)?.size ?? 0;
    const open = taken.filter((each) => !isOver(each)).slice(arrived);
    open.splice(0, taken.filter((each) => mayBeGone(each, ledger, script)).length);
    lost.push(...open);
  }
  const explained = ledger.messageLosses.filter((loss) => isLossExplained(loss, script));
  for (const loss of ledger.messageLosses) {
    if (explained.includes(loss)) continue;
    violate("message", `message ${loss.id} is ${loss.how}: ${loss.reason}; nothing was wrong with it`);
  }
  const damaged = hadFault(script, flashTroubles, Infinity) ? ledger.damaged : 0;
  if (lost.length <= explained.length + damaged) return;
  const [{ kind, number, at }] = lost;
  violate(
    "message",
    `${lost.length} messages of the application's have not arrived, ${explained.length + damaged} may have been ` +
      `given up: the first is ${kind} ${number} of ${stamp(at)}`,
  );
}

/** It was in RAM alone, as flash failed, when its boot ended. */
function mayBeGone({ at, boot }: Posted, { ends }: Ledger, script: Script): boolean {
  return hadFault(script, flashTroubles, at) && ends[boot - 1] !== undefined;
}

/** The application was told that it will not arrive: so it is not lost without a word. */
function isOver({ how }: Posted): boolean {
  return how === "refused" || how === "dropped";
}
