import { ADMIN_ROLE, DATABASE, quoteIdentifier, TRUSTED_ROLE } from './names.js';

/** How the gateway reaches the embedded engine. */
export type Listener =
  | { readonly type: 'socket'; readonly folder: string }
  | { readonly type: 'tcp'; readonly host: '127.0.0.1'; readonly port: number };

/** Connections that the gateway keeps for itself besides the clients': queries, loading, and PostgreSQL's reserve. */
const OWN_CONNECTIONS = 12;

/**
 * The whole `postgresql.conf`. The data is disposable, so nothing waits for the disk; no statement text is ever logged;
 * and a crashed backend ends the server instead of restarting it, because that restart would empty every scan table
 * (they are unlogged) under statements that are about to read them.
 */
export function serverConfiguration(listener: Listener, connections: number): string {
  const settings: Record<string, string | number> = {
    listen_addresses: listener.type === 'socket' ? '' : listener.host,
    port: listener.type === 'socket' ? 5432 : listener.port,
    unix_socket_directories:
      listener.type === 'socket' ? listener.folder.replaceAll('"', '""').replace(/^(.*)$/, '"$1"') : '',
    unix_socket_permissions: '0700',
    // What the gateway has open counts too, so clients would meet the reserve that many connections early.
    max_connections: connections + 2 * OWN_CONNECTIONS,
    superuser_reserved_connections: OWN_CONNECTIONS,
    max_locks_per_transaction: 256,
    restart_after_crash: 'off',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    wal_level: 'minimal',
    max_wal_senders: 0,
    max_wal_size: '256MB',
    min_wal_size: '32MB',
    checkpoint_timeout: '30min',
    shared_buffers: '64MB',
    // A scan that joins another in the middle of a large table would change the order of the API's rows.
    synchronize_seqscans: 'off',
    // A container's /dev/shm may be too small for a parallel hash join.
    dynamic_shared_memory_type: process.platform === 'win32' ? 'windows' : 'mmap',
    jit: 'off',
    max_worker_processes: 4,
    max_logical_replication_workers: 0,
    max_parallel_workers: 2,
    autovacuum_max_workers: 1,
    autovacuum_worker_slots: 1,
    autovacuum_naptime: '2min',
    password_encryption: 'scram-sha-256',
    TimeZone: 'UTC',
    log_timezone: 'UTC',
    DateStyle: 'ISO, MDY',
    lc_messages: 'C',
    client_encoding: 'UTF8',
    log_destination: 'stderr',
    logging_collector: 'off',
    log_line_prefix: '',
    log_min_messages: 'log',
    // Terse drops DETAIL, which quotes the statement of a crashed backend.
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    log_statement: 'none',
    log_checkpoints: 'off',
    log_autovacuum_min_duration: -1,
    log_lock_waits: 'off',
    update_process_title: 'off',
    cluster_name: 'tidegate',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${quoteSetting(value)}`);
  return `# Written by Tidegate at every start.\n${lines.join('\n')}\n`;
}

/**
 * The whole `pg_hba.conf`: the gateway's role anywhere by password, users in the one database only, trusted ones without
 * a password. Membership decides, so a change of users needs no reload.
 */
export function accessRules(listener: Listener): string {
  const [type, address] = listener.type === 'socket' ? ['local', ''] : ['host', `${listener.host}/32`];
  const rule = (database: string, role: string, method: string) => `${type} ${database} ${role} ${address} ${method}\n`;
  const database = quoteIdentifier(DATABASE);
  return (
    rule('all', quoteIdentifier(ADMIN_ROLE), 'scram-sha-256') +
    rule(database, `+${TRUSTED_ROLE}`, 'trust') +
    // Unknown users are asked for a password too, so that nobody learns which names exist.
    rule(database, 'all', 'scram-sha-256')
  );
}

function quoteSetting(value: string | number): string {
  return typeof value === 'number' ? String(value) : `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
