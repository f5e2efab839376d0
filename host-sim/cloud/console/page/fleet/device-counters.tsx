/** What happened between a device and the cloud since the cloud knows it, counted: a line of it, and all of it on demand. */
import { grouped } from "../../../page/words";
import type { DeviceCounters } from "../../../registry/standing";

interface Named {
  readonly name: keyof DeviceCounters;
  readonly label: string;
  /** Before the number, in the line. */
  readonly brief: string;
  readonly title: string;
  /** It is bad news, and stands in the line only when there is some. */
  readonly isTrouble?: true;
}

const named: readonly Named[] = [
  {
    ...{ name: "requests", label: "Requests", brief: "requests" },
    title: "accepted: they passed the check of session or signature",
  },
  {
    ...{ name: "stored", label: "Reports stored", brief: "stored" },
    title: "readings, events, and changes of attributes, tags and firmware version",
  },
  {
    ...{ name: "duplicates", label: "Sent again", brief: "sent again" },
    title: "stored before: acknowledged once more and not stored",
  },
  {
    ...{ name: "commandsOffered", label: "Commands out", brief: "commands out" },
    title: "with an answer, or as a path to fetch them from",
  },
  {
    ...{ name: "commandsAnswered", label: "Replies", brief: "replies" },
    title: "answers to commands, in time",
  },
  {
    ...{ name: "authenticated", label: "Sessions", brief: "sessions" },
    title: "authentications that were accepted",
  },
  {
    ...{ name: "reportsRefused", label: "Reports refused", brief: "reports refused", isTrouble: true },
    title: "not as the thing model or the protocol says",
  },
  {
    ...{ name: "strayReplies", label: "Stray replies", brief: "stray replies", isTrouble: true },
    title: "to no command that waited: late, or sent twice",
  },
  {
    ...{ name: "authRefused", label: "Sessions refused", brief: "sessions refused", isTrouble: true },
    title: "wrong sign, or disabled",
  },
  {
    ...{
      name: "signatureRefused",
      label: "Signatures refused",
      brief: "signatures refused",
      isTrouble: true,
    },
    title: "requests without a session, or wrongly signed",
  },
];

export function Counters({ counters }: { counters: DeviceCounters }) {
  const inLine = named.filter(({ name, isTrouble }) => isTrouble !== true || counters[name] > 0);
  return (
    <details class="counters">
      <summary>
        {inLine.map(({ name, brief, isTrouble }) => (
          <span key={name} class={isTrouble === true ? "warn" : counters[name] === 0 ? "dim" : undefined}>
            {`${brief} `}
            <b>{grouped(counters[name])}</b>
          </span>
        ))}
        <span class="all">all counters</span>
      </summary>
      <dl class="figures">
        {named.map(({ name, label, title, isTrouble }) => {
          const value = counters[name];
          const kind = value === 0 ? "dim" : isTrouble === true ? "warn" : undefined;
          return (
            <div key={name}>
              <dt>{label}</dt>
              <dd class={kind}>{grouped(value)}</dd>
              <dd class="note-line">{title}</dd>
            </div>
          );
        })}
      </dl>
    </details>
  );
}
