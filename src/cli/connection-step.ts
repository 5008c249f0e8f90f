/** The steps of Test Connection, in order. */
export type StepName = 'settings' | 'token' | 'sample' | 'first page' | 'columns';

/** How a step went. `skipped`: nothing could be tried, and the text says why. */
export interface Step {
  readonly name: StepName;
  readonly result: 'ok' | 'failed' | 'skipped';
  readonly text: string;
  /** Further lines: what the API said, and what to do. */
  readonly lines: readonly string[];
}
