/** The SCRAM client inside `pg`, which its type package does not cover. */
declare module 'pg/lib/crypto/sasl.js' {
  interface SaslSession {
    readonly mechanism: string;
    readonly response: string;
  }
  const sasl: {
    startSession(mechanisms: readonly string[]): SaslSession;
    continueSession(session: SaslSession, password: string, serverData: string): Promise<void>;
    finalizeSession(session: SaslSession, serverData: string): void;
  };
  export default sasl;
}
