/**
 * The wall-clock time of readings that were taken before the device knew it. Each has the time since its
 * boot only. For this boot the clock gives the rest; for an earlier one nothing tells how long ago it was but
 * how long each had run, so they are taken to have followed each other without a pause.
 */
import { dated } from "../journal/record";
import type { Journal } from "../journal/journal";

/** Space between the last record of one boot and the first of the next, which must not be of one moment, ms. */
const betweenBoots = 1_000;

/** A boot that has undated records. */
interface Boot {
  readonly number: number;
  /** For how long it ran at least, ms. */
  longest: number;
  /** When it began, epoch ms. */
  start: number;
}

/**
 * Gives every undated record of `journal` its time.
 *
 * @param current number of this boot
 * @param epoch epoch ms at which this boot began
 * @returns how many got a time that is estimated, as they are of an earlier boot
 * @throws whatever the flash throws; what was dated by then stays so
 */
export function dateRecords(journal: Journal, current: number, epoch: number): number {
  if (!journal.undated) return 0;
  const boots = undatedBoots(journal);
  const own = current & 0xffff;
  // Latest first; their numbers wrap.
  boots.sort((a, b) => ((own - a.number) & 0xffff) - ((own - b.number) & 0xffff));
  let start = epoch;
  for (let i = 0; i < boots.length; i++) {
    if (boots[i].number !== own) start -= boots[i].longest + betweenBoots;
    boots[i].start = start;
  }
  let estimated = 0;
  let all = true;
  journal.each((address, { flags, boot, time }) => {
    if ((flags & dated) !== 0) return;
    if (boot !== own) estimated += 1;
    if (!journal.date(address, Math.round(boots.find(({ number }) => number === boot)!.start + time)))
      all = false;
  });
  if (all) journal.allDated();
  return estimated;
}

function undatedBoots(journal: Journal): Boot[] {
  const boots: Boot[] = [];
  journal.each((_address, { flags, boot, time }) => {
    if ((flags & dated) !== 0) return;
    const known = boots.find(({ number }) => number === boot);
    if (known === undefined) boots.push({ number: boot, longest: time, start: 0 });
    else if (time > known.longest) known.longest = time;
  });
  return boots;
}
