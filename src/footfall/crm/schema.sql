-- The tables of the mock CRM. Every statement may run again. docs/crm.md describes the columns.
create schema if not exists crm;

create table if not exists crm.people (
    user_id text primary key,
    plan text not null check (plan in ('free', 'plus', 'pro', 'business')),
    country text not null check (country ~ '^[A-Z]{2}$'),
    birth_year smallint not null check (birth_year between 1900 and 2100),
    signed_up_on date not null,
    marketing_consent boolean not null,
    company_size text check (company_size in ('1', '2-10', '11-50', '51-250', '251-1000', '1001+')),
    interests text[] not null,
    updated_at timestamptz(3) not null,
    deleted_at timestamptz(3)
);

-- What the schema of events allows. Replaced here, because earlier versions took only ids of the demo's people.
alter table crm.people
    drop constraint if exists people_user_id_check,
    add constraint people_user_id_check
        check (length(user_id) between 1 and 128 and user_id !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]');

create table if not exists crm.people_versions (
    user_id text not null,
    version bigint not null,
    plan text not null,
    country text not null,
    birth_year smallint not null,
    signed_up_on date not null,
    marketing_consent boolean not null,
    company_size text,
    interests text[] not null,
    updated_at timestamptz(3) not null,
    deleted_at timestamptz(3),
    primary key (user_id, version)
);
create index if not exists people_versions_updated_at on crm.people_versions (updated_at);

-- `seeded_at` is when the first people were created. Every change before `applied_until` is made.
create table if not exists crm.progress (
    only_row boolean primary key default true check (only_row),
    seeded_at timestamptz(3) not null,
    applied_until timestamptz(3) not null
);

-- A change by hand gets the present time. Time never goes back, so a version's end is its successor's beginning.
create or replace function crm.set_updated_at() returns trigger language plpgsql as $$
begin
    if new.updated_at = old.updated_at then
        new.updated_at := greatest(clock_timestamp()::timestamptz(3), old.updated_at + interval '1 millisecond');
    elsif new.updated_at < old.updated_at then
        raise exception 'updated_at of % would go back', new.user_id;
    end if;
    return new;
end $$;

create or replace function crm.keep_version() returns trigger language plpgsql as $$
begin
    insert into crm.people_versions
    select new.user_id, coalesce(max(version), 0) + 1, new.plan, new.country, new.birth_year, new.signed_up_on,
           new.marketing_consent, new.company_size, new.interests, new.updated_at, new.deleted_at
    from crm.people_versions where user_id = new.user_id;
    return null;
end $$;

create or replace function crm.refuse() returns trigger language plpgsql as $$
begin
    raise exception '% of crm.% is not allowed: people are deleted with deleted_at, and versions are kept',
        lower(tg_op), tg_table_name;
end $$;

create or replace trigger set_updated_at before update on crm.people
    for each row when (old is distinct from new) execute function crm.set_updated_at();
create or replace trigger keep_version_of_insert after insert on crm.people
    for each row execute function crm.keep_version();
create or replace trigger keep_version_of_update after update on crm.people
    for each row when (old is distinct from new) execute function crm.keep_version();
create or replace trigger refuse_delete before delete or truncate on crm.people
    for each statement execute function crm.refuse();
create or replace trigger refuse_change before update or delete or truncate on crm.people_versions
    for each statement execute function crm.refuse();

-- What Sqoop reads. All columns are text or bigint, because Sqoop cannot map arrays and zones of time.
create or replace view crm.people_versions_extract as
select user_id,
       version,
       plan,
       country,
       birth_year::bigint as birth_year,
       to_char(signed_up_on, 'YYYY-MM-DD') as signed_up_on,
       marketing_consent::text as marketing_consent,
       company_size,
       to_json(interests)::text as interests,
       (extract(epoch from updated_at) * 1000)::bigint as updated_ms,
       (deleted_at is not null)::int::bigint as deleted,
       (extract(epoch from updated_at) * 1000)::bigint as valid_from_ms
from crm.people_versions;

-- The reader of the database (footfall.postgres.READERS).
grant usage on schema crm to sqoop;
grant select on all tables in schema crm to sqoop;
alter default privileges in schema crm grant select on tables to sqoop;
-- So that SQL need not name the schema.
alter database crm set search_path = crm, public;
