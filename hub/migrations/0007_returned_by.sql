-- Who gave a task back last, or had it taken away since nothing moved, so that no plan gives it back to there.
alter table sync_tasks add column returned_by text references manus_instances (id) deferrable initially deferred;
