/**
 * What the parts of an update have in common. They share the object that has it, and hold no copies: what an update takes
 * of RAM it takes all the time.
 */
import type { UpdateParts, UpdateSurroundings, UpdateVoice, UpdateBoard } from "../device/optional-parts";
import type { Moment, Plan } from "./plan";
import type { TaskKeeper } from "./task-keeper";
import type { UpdateEvent } from "./update-event";
import type { UpdateSettings } from "./update-settings";

/** The update as its parts see it. What may be undefined is there before any of them is made. */
export interface UpdateHost {
  readonly surroundings: UpdateSurroundings;
  /** What the board has for it, or why it does not have it. */
  readonly board: UpdateBoard | string;
  readonly tasks: TaskKeeper;
  readonly parts: UpdateParts | undefined;
  readonly settings: UpdateSettings | undefined;
  readonly plan: Plan | undefined;
  readonly voice: UpdateVoice | undefined;
  /** Why this board is not updated; undefined where it is. */
  readonly unable: string | undefined;
  /** What the plan goes by. */
  readonly moment: Moment;
  log(event: UpdateEvent): void;
}
