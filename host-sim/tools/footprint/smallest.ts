/**
 * The smallest heap in which the session comes to its end, found by trying: what is alive between events
 * says nothing of what an event needs while it lasts, and of the garbage that it leaves.
 */
import { fitsInto } from "./session";
import type { Bounds, Room, SessionOptions, SessionRoom } from "./session";

/** How exactly it is found. */
const grain: Bounds = Object.freeze({ slots: 16, bytes: 256 });

/** More than any session needs, and less than the host's heap has. */
const ample: Bounds = Object.freeze({ slots: 100_000, bytes: 8_000_000 });

/**
 * Neither slots nor chunks can be fewer while the other stays. The trials have this machine's chunks; on one
 * of 32 bits the same are smaller, by as much as those of `session` at their most.
 *
 * @param session what was alive, and with that a place to begin
 * @param onTrial another heap is tried
 * @throws as `fitsInto`
 */
export async function smallestHeap(
  session: SessionRoom,
  options: SessionOptions = {},
  onTrial?: () => void,
): Promise<Room> {
  const fits = (bounds: Bounds): Promise<boolean> => {
    onTrial?.();
    return fitsInto(bounds, options);
  };
  const most = (pick: (room: Room) => number): number => Math.max(...session.moments.map(pick));
  const begin = most(({ slots }) => slots);
  const slots = await least(begin, grain.slots, (each) => fits({ slots: each, bytes: ample.bytes }));
  const bytes = await least(
    most(({ chunks }) => chunks),
    grain.bytes,
    (each) => fits({ slots, bytes: each }),
  );
  return { slots, chunks: Math.round(bytes * session.ratio) };
}

/** The least number, to a grain, for which `holds`, if it holds for all above; `start` is where to begin. */
export async function least(
  start: number,
  grain: number,
  holds: (value: number) => Promise<boolean>,
): Promise<number> {
  let below = Math.max(0, start - grain);
  let step = grain;
  while (!(await holds(below + step))) {
    below += step;
    step *= 2;
    if (below > 1e9) throw new Error("no number holds");
  }
  let above = below + step;
  while (above - below > grain) {
    const middle = below + Math.ceil((above - below) / 2 / grain) * grain;
    if (await holds(middle)) above = middle;
    else below = middle;
  }
  return above;
}
