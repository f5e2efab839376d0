/** In the place of what could not be read yet: that it is being read, or why it cannot be. */
import { connection } from "./connection";
import type { Resource } from "./resource";

/** @param resource that has no data */
export function Unread({ resource }: { resource: Pick<Resource<unknown>, "fault" | "again"> }) {
  const { fault, again } = resource;
  // Without a connection the note across the page has said it.
  if (fault === undefined || connection.value.state === "interrupted") {
    return (
      <p class="dim" role="status" aria-busy="true">
        {fault === undefined ? "Reading…" : "It is read as soon as there is a connection."}
      </p>
    );
  }
  return (
    <div class="note bad-note bar" role="alert">
      <span>{fault}</span>
      <button type="button" class="push" onClick={again}>
        Try again
      </button>
    </div>
  );
}
