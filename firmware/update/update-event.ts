/**
 * What happens to an update, for the device's log: `update-words.ts` words it. Sizes are bytes, times ms.
 */

/** Why nothing more is fetched for now. */
export type PauseReason =
  /** As many blocks as one contact may have, or as many bytes as a day. */
  | "blocks"
  | "bytes"
  /** Not at this hour of the day, or not while coverage is so poor. */
  | "hours"
  | "coverage"
  /** The server has not answered, or not with a block. */
  | "no-answer"
  | "refused";

/** An event of the update. Holds no secrets: who hears the device's messages knows the file's place. */
export type UpdateEvent =
  /** The cloud has told of a version, and it is fetched from there. */
  | { readonly kind: "update begun"; readonly version: string; readonly place: string; readonly size: number }
  /** After a start, or as the cloud has told of it again. */
  | {
      readonly kind: "update goes on";
      readonly version: string;
      readonly fetched: number;
      readonly size: number;
    }
  /** A command that is none for this device. */
  | { readonly kind: "update refused"; readonly version: string; readonly reason: string }
  /** The head of the file is the maker's, and meant for this device. */
  | {
      readonly kind: "update package";
      readonly version: string;
      readonly what: "whole" | "difference";
      readonly size: number;
      readonly image: number;
    }
  /** Nothing more is fetched in this contact; `retry`: until the next try, where that is known. */
  | {
      readonly kind: "update pauses";
      readonly reason: PauseReason;
      readonly fetched: number;
      readonly size: number;
      readonly retry?: number;
    }
  /** Another file has come under the same name: it is fetched from the front. */
  | { readonly kind: "update begins anew"; readonly version: string; readonly reason: string }
  /** The image in the other slot is what the maker has signed. */
  | { readonly kind: "update verified"; readonly version: string; readonly image: number }
  /** The board restarts into it. */
  | { readonly kind: "update starts"; readonly version: string }
  /** This start is one of a trial, which had so many starts that went wrong, and tries with a network in vain. */
  | {
      readonly kind: "update trial";
      readonly version: string;
      readonly starts: number;
      readonly tries: number;
    }
  /** The trial has come to a good end. */
  | { readonly kind: "update kept"; readonly version: string }
  /** The trial has failed: the slot before starts again. */
  | { readonly kind: "update back"; readonly version: string; readonly reason: string }
  /** It has come to an end before that: by a failure, or as the cloud has taken the task back. */
  | { readonly kind: "update ended"; readonly version: string; readonly reason: string }
  /** The cloud has heard how far it is: 0 to 100, or a failure's code. */
  | { readonly kind: "update told"; readonly step: number }
  | { readonly kind: "update untold"; readonly step: number; readonly reason: string; readonly retry: number }
  /** This board cannot be updated. */
  | { readonly kind: "update none"; readonly reason: string };
