"""When backups happen, which are kept, and who is told when that stops: schedules, missed slots, retention, alerts."""
