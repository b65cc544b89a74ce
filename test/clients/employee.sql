-- What each client starts with. Bob of company 501 has a new phone in employees.csv, Carol is gone, Erin is new.
DROP TABLE IF EXISTS employee;
CREATE TABLE employee (
	id          int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	company_id  int NOT NULL,
	name        text NOT NULL,
	phone       text,
	title       text,
	UNIQUE (company_id, name)
);
INSERT INTO employee (company_id, name, phone, title) VALUES
	(501, 'Alice', '1111', 'engineer'),
	(501, 'Bob', '2222', 'engineer'),
	(501, 'Carol', '3333', 'manager'),
	(502, 'Alice', '9999', 'lawyer');
