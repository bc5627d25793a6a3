DROP TABLE fastgres.idempotency;
DROP TABLE fastgres.job_inbox;
DROP TABLE fastgres.workers;
DROP TABLE fastgres.cron_ticks;
DROP TABLE fastgres.job_results;
DROP TABLE fastgres.dead_jobs;
DROP TABLE fastgres.jobs;
