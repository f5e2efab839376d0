/** All that is known of one command: its steps, what the reply carried, and what can be done with it. */
import { CopyButton } from "../../../page/copy";
import { span } from "../../../page/words";
import { pathOfPlace } from "../../addresses";
import { isObject } from "../../../json";
import { pathOf } from "../api";
import { now } from "../connection";
import { Steps } from "../steps";
import { codeWords, isOver } from "./command";
import { curlCommand } from "./curl-command";
import { stepsOf } from "./life";
import { outputsOf, valueWords } from "./value-words";
import type { Model } from "../../../../model/model";
import type { DeviceTabProps } from "../tab-props";
import type { Command } from "./command";

/** Ms before and behind a command's life, whose messages belong to it. */
const margin = 5_000;

export function CommandDetail(props: {
  readonly at: DeviceTabProps;
  readonly command: Command;
  readonly model: Model | undefined;
  readonly ahead: number;
  readonly isOnline: boolean;
  /** undefined: no form makes such a one. */
  readonly onAgain: (() => void) | undefined;
}) {
  const { at, command, model, ahead, isOnline, onAgain } = props;
  const { id, code, data, message, late, offers, pendingTtl, responseTimeout, path, createdAt, endedAt } =
    command;
  const end = late?.at ?? endedAt;
  const messages = `${pathOfPlace({ kind: "device", ...at, tab: "messages" })}?from=${createdAt - margin}${
    end === undefined ? "" : `&to=${end + margin}`
  }`;
  const asked = askedBody(command);
  const around = { ahead, now: now.value, isOnline };
  return (
    <div class="command-detail">
      <Steps label="Steps of the command" steps={stepsOf(command, around)} />
      {code !== undefined && (
        <Reply title="Reply" command={command} code={code} data={data} message={message} model={model} />
      )}
      {late !== undefined && (
        <Reply
          title="Late reply, which changes nothing"
          {...{ command, model, code: late.code, data: late.data, message: late.message }}
        />
      )}
      <dl class="facts small">
        <dt>Id</dt>
        <dd class="mono">{id}</dd>
        <dt>Path</dt>
        <dd class="mono">{path}</dd>
        <dt>Waits</dt>
        <dd>
          {pendingTtl === 0
            ? `not at all: for a device that is online, ${span(responseTimeout * 1000)} for the reply`
            : `${span(pendingTtl * 1000)} for the device, ${span(responseTimeout * 1000)} for the reply`}
        </dd>
        {offers > 1 && (
          <>
            <dt>Offered</dt>
            <dd>{`${offers} times`}</dd>
          </>
        )}
      </dl>
      <div class="bar">
        {onAgain !== undefined && (
          <button type="button" onClick={onAgain}>
            Fill the form with it
          </button>
        )}
        <a class="button" href={messages}>
          Its messages
        </a>
        {asked !== undefined && (
          <CopyButton text={curlCommand("POST", `${pathOf(at)}/commands`, asked)} label="Copy as curl" />
        )}
        {isOver(command) && data !== undefined && (
          <CopyButton text={JSON.stringify(data, null, 2)} label="Copy the data" />
        )}
      </div>
    </div>
  );
}

function Reply(props: {
  readonly title: string;
  readonly command: Command;
  readonly code: number;
  readonly data: unknown;
  readonly message: string | undefined;
  readonly model: Model | undefined;
}) {
  const { title, command, code, data, message, model } = props;
  const outputs = outputsOf(command, model);
  const members = isObject(data) ? Object.entries(data) : undefined;
  return (
    <section class="reply">
      <h3>{title}</h3>
      <dl class="facts">
        <dt>Code</dt>
        <dd>{codeWords(code)}</dd>
        {message !== undefined && message !== "" && (
          <>
            <dt>Message</dt>
            <dd>{message}</dd>
          </>
        )}
        {members?.map(([name, value]) => {
          const type = outputs.find(({ identifier }) => identifier === name);
          return (
            <>
              <dt>{type?.name ?? name}</dt>
              <dd>{typeof value === "string" ? <pre>{value}</pre> : valueWords(value, type)}</dd>
            </>
          );
        })}
        {members === undefined && data !== undefined && data !== "" && (
          <>
            <dt>Data</dt>
            <dd>
              <pre>{JSON.stringify(data, null, 2)}</pre>
            </dd>
          </>
        )}
      </dl>
      {members?.length === 0 && <p class="hint">It carried no data.</p>}
    </section>
  );
}

/** The request that queues the same again; undefined where it is not known, or the upgrades' own. */
export function askedBody(command: Command): object | undefined {
  const { kind, service, points, inputs, payload, requestId, pendingTtl, responseTimeout } = command;
  const times = { pendingTtl, responseTimeout };
  switch (kind) {
    case "set":
    case "get":
      return points === undefined ? undefined : { kind, points, ...times };
    case "service":
      return inputs === undefined ? undefined : { kind, service, inputs, ...times };
    case "raw":
      return { kind, payload, requestId, ...times };
    case "upgrade":
      return undefined;
  }
}
