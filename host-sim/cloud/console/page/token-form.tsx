/** The stand-in wants a token, or the one given was wrong. */
import { connectWith } from "./connection";

/** In place of the page. @param isWrong the API was given a token, and refused it */
export function TokenForm({ isWrong }: { isWrong: boolean }) {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement).get("token");
    if (typeof given === "string" && given.trim() !== "") connectWith(given.trim());
  };
  return (
    <main id="place" class="narrow">
      <form class="card stack" onSubmit={submit}>
        <h1>This console needs a token</h1>
        <p class="dim">
          The stand-in was started with one: ENOS_API_TOKEN, or the file that --api-token-file names. It is
          kept for this browser tab alone.
        </p>
        <label class="field">
          <span>Token</span>
          <input
            name="token"
            type="password"
            autocomplete="off"
            spellcheck={false}
            autofocus
            aria-invalid={isWrong}
            aria-describedby={isWrong ? "token-fault" : undefined}
          />
        </label>
        {isWrong && (
          <p id="token-fault" class="bad" role="alert">
            The stand-in refused this token.
          </p>
        )}
        <div class="bar">
          <button class="primary">Connect</button>
        </div>
      </form>
    </main>
  );
}
