/** What a string has to look like; `Type.String({ format: NAME })` refers to one by its name. */
export type TextFormat = {
  readonly check: (text: string) => boolean;
  /** Completes "must be ...": `an IPv4 address such as 192.0.2.1`. */
  readonly says: string;
};

/** Formats by name. */
export type TextFormats = Readonly<Record<string, TextFormat>>;
