// GlitchTip's tables as far as the operator's health checks and the gateway look at them, in a database that the test owns.
import { CANARY_ID } from '../../operator/io/postgres/canary-rows.js';

const DAY = 86_400_000;

/** Owned by the application's role; the issue is that of the operator's own events. */
export const TABLES = `
  SET ROLE glitchtip;
  CREATE TABLE django_migrations (id int);
  CREATE TABLE users_user (id int);
  CREATE TABLE organizations_ext_organization (id int PRIMARY KEY, name text, slug text UNIQUE, is_active boolean NOT NULL, is_accepting_events boolean NOT NULL);
  CREATE TABLE projects_project (id bigint PRIMARY KEY, name text, slug text, organization_id int REFERENCES organizations_ext_organization, scrub_ip_addresses boolean NOT NULL, first_event timestamptz);
  CREATE TABLE projects_projectkey (id bigint PRIMARY KEY, name text, project_id bigint REFERENCES projects_project, is_active boolean NOT NULL, public_key uuid NOT NULL);
  CREATE TABLE issue_events_issue (id bigint PRIMARY KEY, project_id bigint);
  CREATE TABLE issue_events_issueevent (id uuid, issue_id bigint, received timestamptz, PRIMARY KEY (id, received)) PARTITION BY RANGE (received);
  CREATE TABLE performance_transactionevent (event_id uuid, start_timestamp timestamptz, PRIMARY KEY (event_id, start_timestamp)) PARTITION BY RANGE (start_timestamp);
  CREATE FUNCTION get_project_auth_info(bigint, uuid) RETURNS int LANGUAGE sql AS 'SELECT 1';
  INSERT INTO issue_events_issue VALUES (1, ${CANARY_ID});`;

/** Those of the days from `from` to before `to`, counted from today. */
export function makePartitions(from: number, to: number): string {
  const statements = daysOf(from, to).map((offset) =>
    `CREATE TABLE IF NOT EXISTS ${nameOf(offset)} PARTITION OF issue_events_issueevent FOR VALUES FROM ('${midnight(offset)}') TO ('${midnight(offset + 1)}')`);
  return ['SET ROLE glitchtip', ...statements].join('; ');
}

export function dropPartitions(from: number, to: number): string {
  return daysOf(from, to).map((offset) => `DROP TABLE IF EXISTS ${nameOf(offset)}`).join('; ');
}

function daysOf(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** A name of the day itself: a test that runs over midnight speaks of the same partitions before and after. */
function nameOf(offset: number): string {
  return `event_${midnight(offset).slice(0, 10).replaceAll('-', '')}`;
}

function midnight(offset: number): string {
  return new Date(Math.floor(Date.now() / DAY) * DAY + offset * DAY).toISOString();
}
