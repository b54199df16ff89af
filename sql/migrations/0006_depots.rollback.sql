DROP TABLE user_scopes;
DROP TABLE depots;
