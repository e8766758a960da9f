//! The driver against the simulated register, over its line in memory and on its time. The two were written from the
//! manual apart; what they register is compared in the register's books.

mod anything;
mod faults;
mod golden;
mod lines;
mod looks;
mod old;
mod operations;
mod receipts;
mod shop;
mod sweep;
