//! `#[derive(Row)]` of `yui-db`: a struct that is made of a row's columns, in the order of its fields.
//!
//! ```text
//! #[derive(Row)]
//! struct Visit {
//!     provider_name: String,
//!     #[row(name = "row_state")]   // the column's name where it is not the field's
//!     state: String,
//!     #[row(filtered)]             // NULL in the table, but not in the statement's rows: it leaves those out
//!     ended_at: Timestamp,
//!     #[row(flatten)]              // a struct whose columns stand here
//!     version: ClaimVersion,
//! }
//! ```

use proc_macro::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Field, Fields, LitStr, parse_macro_input};

/// Implements `yui_db::Row` for a struct with named fields.
#[proc_macro_derive(Row, attributes(row))]
pub fn row(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    implementation(&input).unwrap_or_else(Error::into_compile_error).into()
}

fn implementation(input: &DeriveInput) -> syn::Result<proc_macro2::TokenStream> {
    let Data::Struct(data) = &input.data else { return Err(Error::new_spanned(input, "Row is derived for structs")) };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new_spanned(input, "Row is derived for structs with named fields"));
    };
    let (mut reads, mut columns) = (Vec::new(), Vec::new());
    for field in &fields.named {
        let (name, kind) = (&field.ident, &field.ty);
        match Place::of(field)? {
            Place::Flattened => {
                reads.push(quote! { #name: <#kind as ::yui_db::Row>::read(columns)? });
                columns.push(quote! { <#kind as ::yui_db::Row>::columns(list); });
            }
            Place::Column { column, filtered } => {
                reads.push(quote! { #name: columns.next(#column)? });
                let column = quote! { ::yui_db::ColumnType::of::<#kind>(#column) };
                let column = if filtered {
                    quote! { #column.filtered() }
                } else {
                    column
                };
                columns.push(quote! { list.push(#column); });
            }
        }
    }
    let (name, (impl_generics, type_generics, bounds)) = (&input.ident, input.generics.split_for_impl());
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics ::yui_db::Row for #name #type_generics #bounds {
            fn read(columns: &mut ::yui_db::Columns<'_>) -> ::core::result::Result<Self, ::yui_db::Unfit> {
                ::core::result::Result::Ok(Self { #(#reads),* })
            }

            fn columns(list: &mut ::std::vec::Vec<::yui_db::ColumnType>) {
                #(#columns)*
            }
        }
    })
}

enum Place {
    Column { column: String, filtered: bool },
    Flattened,
}

impl Place {
    fn of(field: &Field) -> syn::Result<Self> {
        let own = field.ident.as_ref().map(|name| name.to_string().trim_start_matches("r#").to_owned());
        let (mut column, mut filtered, mut flattened) = (own.unwrap_or_default(), false, false);
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("row")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("flatten") {
                    flattened = true;
                } else if meta.path.is_ident("name") {
                    column = meta.value()?.parse::<LitStr>()?.value();
                } else if meta.path.is_ident("filtered") {
                    filtered = true;
                } else {
                    return Err(meta.error("expected `flatten`, `filtered` or `name = \"column\"`"));
                }
                Ok(())
            })?;
        }
        Ok(if flattened { Self::Flattened } else { Self::Column { column, filtered } })
    }
}
