/** Times as people read them. */

/** Virtual time since power-on, such as `1d 02:03:04.567`; days only once there are any. */
export function stamp(ms: number): string {
  const whole = Math.max(0, Math.floor(ms));
  const days = Math.floor(whole / 86_400_000);
  const text =
    `${two(Math.floor(whole / 3_600_000) % 24)}:${two(Math.floor(whole / 60_000) % 60)}:` +
    `${two(Math.floor(whole / 1000) % 60)}.${String(whole % 1000).padStart(3, "0")}`;
  return days > 0 ? `${days}d ${text}` : text;
}

/** A length of time in its two largest units, such as `2 h 15 min` or `3.1 s`. */
export function lasting(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
