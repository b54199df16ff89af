DROP TABLE export_pieces, export_runs, export_templates;
