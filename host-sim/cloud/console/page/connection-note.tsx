/** How the page stands to the stand-in: a word in the header, and a note across the page when something is to be known. */
import { span } from "../../page/words";
import { connection, now, restartedAt } from "./connection";
import { followNow } from "./follow";

/** One word, with a mark that does not need its colour. */
export function LinkState() {
  const { state } = connection.value;
  const [mark, word, kind] = (
    {
      connecting: ["○", "connecting", "dim"],
      live: ["●", "live", "good"],
      interrupted: ["○", "no connection", "bad"],
      refused: ["○", "no access", "bad"],
    } as const
  )[state];
  return (
    <span id="link" role="status" class={kind}>
      {`${mark} ${word}`}
    </span>
  );
}

/** Says what happened to the connection, and what is to be done about it. */
export function ConnectionNote() {
  const { value } = connection;
  if (value.state === "interrupted") {
    const ms = now.value - value.since;
    return (
      <div class="note bad-note across bar" role="alert">
        <span>
          {`No connection${ms < 1_000 ? "" : ` for ${span(ms)}`}: ${value.why}. What is shown is as it was then.`}
        </span>
        <button type="button" class="push" onClick={followNow}>
          Try now
        </button>
      </div>
    );
  }
  if (restartedAt.value === undefined) return null;
  return (
    <div class="note across bar" role="status">
      <span>{`The stand-in was restarted ${span(now.value - restartedAt.value)} ago; everything was read anew.`}</span>
      <button type="button" class="push" onClick={() => (restartedAt.value = undefined)}>
        Understood
      </button>
    </div>
  );
}
