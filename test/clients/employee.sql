-- What each client starts with. Bob of company 501 has a new phone in employees.csv, Cid is gone, Eve is new.
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
	(501, 'Ann', '1111', 'engineer'),
	(501, 'Bob', '2222', 'engineer'),
	(501, 'Cid', '3333', 'manager'),
	(502, 'Ann', '9999', 'lawyer');
