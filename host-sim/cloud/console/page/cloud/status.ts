/** How the stand-in stands, as `GET /status` tells it. */
export interface Status {
  readonly version: string;
  readonly access: "operate" | "read";
  /** Seconds since its start. */
  readonly uptime: number;
  readonly edition: string;
  /** Where devices reach it. */
  readonly coap?: { readonly address: string; readonly port: number };
  readonly products: number;
  readonly devices: { readonly total: number; readonly online: number };
  /** Whether a restart keeps what there is. */
  readonly kept: boolean;
  readonly counters: Readonly<Record<string, number>>;
}
