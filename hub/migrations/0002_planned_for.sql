-- Who should do a task, as planned: the plan's other half beside expected_start_ms and expected_finish_ms.
alter table sync_tasks add column planned_for text references manus_instances (id) deferrable initially deferred;
