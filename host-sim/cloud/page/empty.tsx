/** What stands where there is nothing yet: what would be here, and what to do for it. */
import type { ComponentChildren } from "preact";
import { Command } from "./copy";

/** @param command to be copied into a terminal */
export function Empty(props: { title: string; children?: ComponentChildren; command?: string }) {
  return (
    <div class="empty">
      <h2>{props.title}</h2>
      {props.children !== undefined && <p class="dim">{props.children}</p>}
      {props.command !== undefined && <Command text={props.command} />}
    </div>
  );
}
