/** What the stand-in was started with, where its API is, and who may do what. */
import { useState } from "preact/hooks";
import { Command } from "../../../page/copy";
import { span } from "../../../page/words";
import { dropToken, hasToken } from "../api";
import { connectWith } from "../connection";
import { useResource } from "../resource";
import { Unread } from "../unread";
import type { Status } from "./status";

interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly disabled?: boolean;
}

export function SettingsTab() {
  const status = useResource<Status>("/status");
  const webhooks = useResource<{ items: readonly Webhook[] }>("/webhooks", ({ type }) => type === "webhook");
  if (status.data === undefined) return <Unread resource={status} />;
  const { version, access, uptime, edition } = status.data;
  const api = `${location.origin}/api/v1`;
  return (
    <div class="columns">
      <section class="card stack" aria-labelledby="program">
        <h2 id="program">This stand-in</h2>
        <dl class="facts">
          <dt>Version</dt>
          <dd>{version}</dd>
          <dt>Running for</dt>
          <dd>{span(uptime * 1_000)}</dd>
          <dt>Edition</dt>
          <dd>{`${edition}, for devices that name none`}</dd>
          <dt>Application API</dt>
          <dd>
            <code>{api}</code>
          </dd>
          <dt>Its description</dt>
          <dd>
            <a href="/openapi.json" target="_blank" rel="noreferrer">
              OpenAPI 3.1
            </a>
          </dd>
        </dl>
        <Command text={curlOf(`${api}/status`)} />
      </section>
      <section class="card stack" aria-labelledby="access">
        <h2 id="access">Access</h2>
        <p>
          {access === "operate"
            ? hasToken()
              ? "With this token everything may be done."
              : "It asks for no token: whoever reaches it on this machine may do everything."
            : "With this token one may look and change nothing."}
        </p>
        <p class="dim">
          ENOS_API_TOKEN is the operator's token, ENOS_API_READ_TOKEN one for those who only look; files do as
          well: --api-token-file, --api-read-token-file.
        </p>
        {hasToken() && <OtherToken />}
      </section>
      <section class="card stack" aria-labelledby="webhooks">
        <h2 id="webhooks">Webhooks</h2>
        {webhooks.data === undefined || webhooks.data.items.length === 0 ? (
          <p class="dim">
            {webhooks.status === 404
              ? "This stand-in posts nothing."
              : "None. What happens is posted to programs that ask for it."}
          </p>
        ) : (
          <ul class="plain">
            {webhooks.data.items.map(({ id, url, disabled }) => (
              <li key={id}>
                <code>{url}</code>
                {disabled === true && <span class="chip bad">disabled</span>}
              </li>
            ))}
          </ul>
        )}
      </section>
    </div>
  );
}

function curlOf(url: string): string {
  return hasToken() ? `curl -H "Authorization: Bearer $ENOS_API_TOKEN" ${url}` : `curl ${url}`;
}

/** Another token, without closing the tab. */
function OtherToken() {
  const [isOpen, setOpen] = useState(false);
  if (!isOpen) {
    return (
      <div class="bar">
        <button type="button" onClick={() => setOpen(true)}>
          Use another token
        </button>
        <button
          type="button"
          onClick={() => {
            dropToken();
            location.reload();
          }}
        >
          Forget this token
        </button>
      </div>
    );
  }
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const token = new FormData(event.currentTarget as HTMLFormElement).get("token");
    if (typeof token === "string" && token.trim() !== "") connectWith(token.trim());
    setOpen(false);
  };
  return (
    <form class="bar" onSubmit={submit}>
      <label class="field">
        <span>Another token</span>
        <input name="token" type="password" autocomplete="off" spellcheck={false} autofocus />
      </label>
      <button class="primary">Use it</button>
    </form>
  );
}
