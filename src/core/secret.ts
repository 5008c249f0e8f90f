import { inspect } from 'node:util';

const MASK = '[secret]';

/** A value that must never be printed: every way out but `reveal()` gives a mask. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself, for the one place that sends it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

/** A configured text: plain, or secret because part of it came from `${env:…}` or `${file:…}`. */
export type ConfiguredText = string | Secret;

/** The text to send. */
export function reveal(text: ConfiguredText): string {
  return typeof text === 'string' ? text : text.reveal();
}
